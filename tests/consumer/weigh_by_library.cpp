// weigh, whose function and master are in a shared library.
int weigh_main(int argc, char** argv);

int main(int argc, char** argv) { return weigh_main(argc, argv); }
